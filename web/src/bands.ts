/** Words for scores. */

export type Band = "bad" | "poor" | "fair" | "good" | "excellent";

/** The words of ITU-R BT.500's five-grade quality scale, from the lowest scores to the highest. */
export const BANDS: readonly Band[] = ["bad", "poor", "fair", "good", "excellent"];

/**
 * Returns the word for a score in [0, 1]: bad below 0.2, poor below 0.4, fair below 0.6, good below 0.8, else
 * excellent.
 *
 * @throws RangeError: the score is outside [0, 1], or NaN.
 */
export function band(score: number): Band {
  if (!(score >= 0 && score <= 1)) throw new RangeError(`a score lies in [0, 1]; ${score} does not`);
  return BANDS[Math.min(Math.trunc(score * BANDS.length), BANDS.length - 1)] as Band;
}
