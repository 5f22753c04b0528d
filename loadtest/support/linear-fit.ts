/** A straight line through points, and how sure it is. */
export interface LinearFit {
  readonly slope: number;
  /** Standard error of the slope; `NaN` for fewer than three points. */
  readonly slopeError: number;
  readonly intercept: number;
}

/** Fits `y = intercept + slope × x` by least squares. */
export function fitLine(points: readonly (readonly [x: number, y: number])[]): LinearFit {
  const count = points.length;
  const mean = (pick: (point: readonly [number, number]) => number): number =>
    points.reduce((sum, point) => sum + pick(point), 0) / count;
  const [meanX, meanY] = [mean(([x]) => x), mean(([, y]) => y)];
  const spreadX = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  const slope = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / spreadX;
  const intercept = meanY - slope * meanX;
  const residual = points.reduce((sum, [x, y]) => sum + (y - intercept - slope * x) ** 2, 0);
  const slopeError = count < 3 ? Number.NaN : Math.sqrt(residual / (count - 2) / spreadX);
  return { slope, slopeError, intercept };
}
