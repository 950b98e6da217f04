/**
 * A file that can not become a Program. `reason` says what about it is not supported or malformed;
 * `node` and `operator` name the culprit when it is a node. Nothing has been changed when it is thrown.
 */
export class OnnxError extends Error {
  override readonly name = "OnnxError";
  readonly reason: string;
  readonly node: string | undefined;
  readonly operator: string | undefined;

  constructor(text: string, at?: { node: string; operator: string }) {
    const reason = printable(text);
    super(at === undefined ? reason : `${printable(at.operator)} (node ${JSON.stringify(at.node)}): ${reason}`);
    this.reason = reason;
    this.node = at?.node;
    this.operator = at?.operator;
  }
}

/** Control characters of the file's own words, which a terminal would obey, as escapes. */
const printable = (text: string): string =>
  text.replace(/\p{Cc}|\p{Bidi_Control}/gu, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
