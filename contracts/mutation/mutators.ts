// The small faults that are planted, one at a time: what each node of Solidity could have been by mistake.
import { childrenOf, type Node, type Source, spanOf, textOf, typeOf } from "./syntax.ts";
import { yulFaults } from "./yul.ts";

/** How a fault is built in beside what it replaces, so that one compilation holds them all. */
export type Form = "expression" | "instead" | "without" | "modifier" | "yulExpression" | "yulWithout";

/** `start`, `end`: bytes of the file; `text` stands there instead. */
export type Fault = {
  readonly path: string;
  readonly where: string;
  readonly line: number;
  readonly start: number;
  readonly end: number;
  readonly form: Form;
  readonly original: string;
  readonly text: string;
};

const OTHERS: Record<string, readonly string[]> = {
  "<": ["<=", ">"],
  "<=": ["<", ">"],
  ">": [">=", "<"],
  ">=": [">", "<"],
  "==": ["!="],
  "!=": ["=="],
  "&&": ["||"],
  "||": ["&&"],
  "+": ["-"],
  "-": ["+"],
  "*": ["/"],
  "/": ["*"],
  "%": ["/"],
  "<<": [">>"],
  ">>": ["<<"],
  "&": ["|"],
  "|": ["&"],
  "+=": ["-="],
  "-=": ["+="],
  "++": ["--"],
  "--": ["++"],
};
const NUMBER = /^u?int\d*$/;
const VALUE = /^(u?int\d*|bool|address|bytes32|struct [\w.]+ memory)$/;

const nodeAt = (node: Node, field: string): Node => node[field] as Node;
const nodesAt = (node: Node, field: string): Node[] => (node[field] as Node[] | undefined) ?? [];
const flat = (text: string): string => text.replace(/\s+/g, " ");

/** The function's name in a call, its receiver's left out. */
const calleeOf = (node: Node): string => {
  const callee = nodeAt(node, "expression");
  return String(callee["memberName"] ?? callee["name"] ?? "");
};

const ofAbi = (node: Node): boolean => {
  const callee = nodeAt(node, "expression");
  return callee.nodeType === "MemberAccess" && nodeAt(callee, "expression")["name"] === "abi";
};

function swappedArguments(source: Source, node: Node): string[] {
  const given = nodesAt(node, "arguments");
  if (node["kind"] !== "functionCall" || ofAbi(node) || given.length < 2) return [];
  const texts = given.map((each) => textOf(source, each));
  const open = textOf(source, nodeAt(node, "expression"));
  return given.slice(1).flatMap((each, i) => {
    if (typeOf(each) !== typeOf(given[i]!) || texts[i] === texts[i + 1]) return [];
    const swapped = texts.with(i, texts[i + 1]!).with(i + 1, texts[i]!);
    return [`${open}(${swapped.join(", ")})`];
  });
}

function ofBinary(source: Source, node: Node): string[] {
  const [left, right] = [nodeAt(node, "leftExpression"), nodeAt(node, "rightExpression")];
  const [a, b] = [textOf(source, left), textOf(source, right)];
  const operator = String(node["operator"]);
  const found = (OTHERS[operator] ?? []).map((other) => `(${a}) ${other} (${b})`);
  if (operator === "-" || operator === "/") found.push(`(${b}) ${operator} (${a})`);
  if (operator === "/") found.push(`((${a}) + (${b}) - 1) / (${b})`);
  const isConstant = (side: Node) => typeOf(side).startsWith("int_const");
  if (isConstant(left) && NUMBER.test(typeOf(right))) found.push(`(${a} + 1) ${operator} (${b})`);
  if (isConstant(right) && NUMBER.test(typeOf(left))) found.push(`(${a}) ${operator} (${b} + 1)`);
  if (operator === "&&" || operator === "||") found.push(a, b);
  return found;
}

/** A number that is handed on: as an argument, a result or the right side of an assignment. */
const handedOn = (parent: Node, field: string): boolean =>
  (parent.nodeType === "FunctionCall" &&
    field === "arguments" &&
    parent["kind"] !== "typeConversion" &&
    !ofAbi(parent)) ||
  (parent.nodeType === "Return" && field === "expression") ||
  (parent.nodeType === "Assignment" && field === "rightHandSide");

function ofExpression(source: Source, node: Node, parent: Node, field: string): string[] {
  const text = textOf(source, node);
  if (node.nodeType === "BinaryOperation") return VALUE.test(typeOf(node)) ? ofBinary(source, node) : [];
  if (node.nodeType === "UnaryOperation" && node["operator"] === "!")
    return [textOf(source, nodeAt(node, "subExpression"))];
  if (node.nodeType === "Conditional") {
    const [yes, no] = [textOf(source, nodeAt(node, "trueExpression")), textOf(source, nodeAt(node, "falseExpression"))];
    return VALUE.test(typeOf(node)) ? [yes, no] : [];
  }
  if (node.nodeType === "FunctionCall")
    return VALUE.test(typeOf(node)) ? [...swappedArguments(source, node), ...rounded(text)] : [];
  if (!["Identifier", "MemberAccess"].includes(node.nodeType) || !NUMBER.test(typeOf(node))) return [];
  const constant = parent.nodeType === "BinaryOperation" && /^[A-Z_.a-z]*[A-Z_]{3,}$/.test(text);
  return constant || handedOn(parent, field) ? [`${text} + 1`] : [];
}

const rounded = (call: string): string[] => {
  if (!call.startsWith("Math.mulDiv(")) return [];
  if (call.endsWith(", Math.Rounding.Ceil)")) return [call.replace("Math.Rounding.Ceil", "Math.Rounding.Floor")];
  return [`${call.slice(0, -1)}, Math.Rounding.Ceil)`];
};

/** Solidity refuses a pointer to storage that may be left unset. */
const pointed = (node: Node): boolean =>
  node.nodeType === "Assignment" && typeOf(nodeAt(node, "leftHandSide")).endsWith(" storage pointer");

/** Subtrees that say something only to readers of logs and errors. */
const silent = (node: Node): boolean =>
  ["EmitStatement", "RevertStatement", "VariableDeclaration", "Literal"].includes(node.nodeType) ||
  typeOf(node).startsWith("int_const");

/** Reverts, now and then or always. */
const refusing = (node: Node): boolean =>
  node.nodeType === "FunctionCall" && ["require", "fail"].includes(calleeOf(node));

/** What a refusal says. */
const words = (refusal: Node, child: Node): boolean =>
  calleeOf(refusal) === "fail" || child !== nodesAt(refusal, "arguments")[0];

export function faultsOf(source: Source): Fault[] {
  const found: Fault[] = [];
  let where = "";
  const lineOf = (start: number): number => source.bytes.subarray(0, start).toString().split("\n").length;
  const note = (node: Node, form: Form, text: string): void => {
    const [start, end] = spanOf(node);
    const original = textOf(source, node);
    found.push({
      path: source.path,
      where,
      line: lineOf(start),
      start,
      end,
      form,
      original: flat(original),
      text: flat(text),
    });
  };

  function statement(node: Node, inElse: boolean): void {
    const expression = nodeAt(node, "expression");
    const text = textOf(source, expression);
    if (!inElse && !pointed(expression)) note(node, "without", "");
    if (expression.nodeType === "Assignment" || expression.nodeType === "UnaryOperation")
      for (const other of OTHERS[String(expression["operator"])] ?? [])
        note(node, "instead", text.replace(String(expression["operator"]), other));
    if (expression.nodeType === "FunctionCall" && !refusing(expression))
      for (const swapped of swappedArguments(source, expression)) note(node, "instead", swapped);
  }

  function visit(node: Node, parent: Node, field: string): void {
    if (silent(node)) return;
    if (node.nodeType === "InlineAssembly") {
      for (const fault of yulFaults(source, nodeAt(node, "AST"))) note(fault.node, fault.form, fault.text);
      return;
    }
    if (node.nodeType === "ExpressionStatement" && field !== "loopExpression" && field !== "initializationExpression")
      statement(node, parent.nodeType === "IfStatement" && isElsed(parent));
    else if (node.nodeType === "IfStatement") {
      const condition = nodeAt(node, "condition");
      for (const always of ["true", "false"]) note(condition, "expression", always);
    } else for (const text of ofExpression(source, node, parent, field)) note(node, "expression", text);
    for (const [at, child] of childrenOf(node))
      if (at !== "typeName" && !(refusing(node) && words(node, child))) visit(child, node, at);
  }

  for (const [, top] of childrenOf(source.ast))
    for (const [, member] of top.nodeType === "ContractDefinition" ? childrenOf(top) : [["", top] as const]) {
      if (!["FunctionDefinition", "ModifierDefinition"].includes(member.nodeType) || !member["body"]) continue;
      where = String(member["name"] || member["kind"] || member.nodeType);
      for (const guard of nodesAt(member, "modifiers"))
        if (guard["kind"] === "modifierInvocation") note(guard, "modifier", "");
      visit(nodeAt(member, "body"), member, "body");
    }
  return found;
}

const isElsed = (branch: Node): boolean => Boolean(branch["falseBody"]);
