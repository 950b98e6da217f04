/** What a command ends with: 0 done · 1 the answer is no · 2 wrong use or input · 3 the chain refused · 70 a fault of ours · 130 ended from outside. */
export const EXIT = { done: 0, no: 1, usage: 2, chain: 3, fault: 70, ended: 130 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

type FailureFacts = { readonly code?: ExitCode; readonly todo?: string; readonly cause?: unknown };

/** Ends a command in words: what was wrong with which value, and what to do. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  readonly code: ExitCode;
  /** what the user can do about it */
  readonly todo: string | undefined;

  constructor(message: string, { code = EXIT.usage, todo, cause }: FailureFacts = {}) {
    super(message, { cause });
    this.code = code;
    this.todo = todo;
  }
}

/** Errors of the rooms below, in words already: about what the user gave, or about the chain and the operators. */
const OF_INPUT = new Set([
  "OnnxError",
  "CompileError",
  "ProgramError",
  "TensorError",
  "EngineError",
  "CommitmentError",
  "ReceiptError",
  "PackageError",
  "ModelFilesError",
  "ConfigError",
  "UnsafeClocksError",
  "OrderError",
  "LeafError",
  "DepositError",
]);
const OF_CHAIN = new Set([
  "RemoteError",
  "AnswerError",
  "UnitPriceError",
  "WrongChainError",
  "DataDirectoryInUseError",
  "SecondClaimError",
]);

/** Any error as words, what to do, and an exit code. */
export function failureOf(error: unknown): {
  name: string;
  message: string;
  todo?: string | undefined;
  code: ExitCode;
} {
  if (error instanceof CommandError) return error;
  if (!(error instanceof Error)) return { name: "Error", message: String(error), code: EXIT.fault };
  const { name, message } = error;
  if (name === "ProtocolError" || name === "TransactionRevertedError") {
    const advice = (error as Error & { advice?: string }).advice;
    return { name, message, todo: TODO[advice ?? ""], code: EXIT.chain };
  }
  if (OF_INPUT.has(name)) return { name, message, code: EXIT.usage };
  if (OF_CHAIN.has(name)) return { name, message, code: EXIT.chain };
  if ("code" in error && typeof error.code === "string" && "path" in error)
    return { name, message: `${String(error.path)}: ${fileWords(error.code)}`, code: EXIT.usage };
  return {
    name,
    message: error.stack ?? message,
    todo: "this is a fault of og itself: please report it",
    code: EXIT.fault,
  };
}

const TODO: Readonly<Record<string, string>> = {
  retry: "the same may succeed a little later: try again",
  change: "change the value and try again",
  stop: "trying again can not help",
  report: "this is a fault of ours: please report it",
};

const FILE_WORDS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EACCES: "may not be read or written by you",
  EISDIR: "is a folder, a file is needed",
  ENOSPC: "the disk is full",
};
const fileWords = (code: string): string => FILE_WORDS[code] ?? code;
