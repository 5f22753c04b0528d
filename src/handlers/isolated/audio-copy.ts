/**
 * Copies sound so that it can be handed over whole: a view would take its whole buffer along, and a bot may keep the buffer.
 *
 * @returns The copy, and what is handed over with it.
 */
export function copyAudio(audio: Uint8Array): readonly [Uint8Array<ArrayBuffer>, ArrayBuffer[]] {
  const copy = new Uint8Array(audio);
  return [copy, [copy.buffer]];
}
