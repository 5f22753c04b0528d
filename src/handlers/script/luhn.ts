/** Whether the last digit is the check digit of the others, as on payment cards. */
export function isLuhn(digits: string): boolean {
  if (!/^\d{2,64}$/u.test(digits)) return false;
  const sum = Array.from(digits)
    .toReversed()
    .reduce((total, digit, index) => {
      const value = Number(digit) * (index % 2 === 0 ? 1 : 2);
      return total + (value > 9 ? value - 9 : value);
    }, 0);
  return sum % 10 === 0;
}
