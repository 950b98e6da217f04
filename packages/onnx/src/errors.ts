/**
 * A file that can not become a Program. `reason` says what about it is not supported or malformed;
 * `node` and `operator` name the culprit when it is a node. Nothing has been changed when it is thrown.
 */
export class OnnxError extends Error {
  override readonly name = "OnnxError";
  readonly reason: string;
  readonly node: string | undefined;
  readonly operator: string | undefined;

  constructor(reason: string, at?: { node: string; operator: string }) {
    super(at === undefined ? reason : `${at.operator} (node ${JSON.stringify(at.node)}): ${reason}`);
    this.reason = reason;
    this.node = at?.node;
    this.operator = at?.operator;
  }
}
