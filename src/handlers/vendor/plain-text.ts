/** Takes the marks out of SSML, for the gateway's own voice speaks text; what is not SSML stays as it is. */
export function toPlainText(text: string): string {
  if (!/^\s*<speak[\s>]/u.test(text)) return text.trim();
  return text
    .replaceAll(/<[^>]*>/gu, ' ')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&apos;', "'")
    .replaceAll('&amp;', '&')
    .replaceAll(/\s+/gu, ' ')
    .trim();
}
