/**
 * Checks an option.
 *
 * @throws {TypeError} When `value` is no whole number from `min` to `max`; the message names the option.
 */
export function assertWithin(name: string, value: number, min: number, max: number): void {
  if (!Number.isInteger(value) || value < min || value > max)
    throw new TypeError(`${name} must be a whole number from ${min} to ${max}`);
}
