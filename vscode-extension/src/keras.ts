/** Whether a text may be about Keras at all. Free of `vscode`. */

const MARKS = ["keras", "tensorflow"];

/** The same look that the server takes before it parses anything. */
export function mentionsKeras(text: string): boolean {
  return MARKS.some((mark) => text.includes(mark));
}
