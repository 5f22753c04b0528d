/**
 * Erlang's formula B: the share of calls that find all places taken.
 *
 * @param places Calls that can be held at once.
 * @param offered Calls that would be held on the mean if nobody were turned away: arrivals a second × seconds a call.
 * @see A. K. Erlang, 1917; the recursion is the usual one, which neither overflows nor needs factorials.
 */
export function erlangB(places: number, offered: number): number {
  let blocked = 1;
  for (let place = 1; place <= places; place += 1)
    blocked = (offered * blocked) / (place + offered * blocked);
  return blocked;
}

/** The fewest places with which at most `blocking` of the calls find none, 0 < `blocking` < 1. */
export function placesFor(offered: number, blocking: number): number {
  let blocked = 1;
  let places = 0;
  while (blocked > blocking) {
    places += 1;
    blocked = (offered * blocked) / (places + offered * blocked);
  }
  return places;
}
