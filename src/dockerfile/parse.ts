/** Parses a Dockerfile into stages and typed instructions, as BuildKit's frontend 1.19 does; nothing is expanded. */
import type { ArgInstruction, Dockerfile, Instruction, Stage } from './instructions/instruction.js';
import { parseInstruction } from './instructions/parse-instruction.js';
import { placed, Reason, refusal } from './reason.js';
import { checkDirective, readStatements } from './syntax/statements.js';

/**
 * Parses a Dockerfile.
 * @param name its name in messages
 * @throws DockerceptionError of kind `build`: `DOCKERFILE_SYNTAX`, `DOCKERFILE_EMPTY`
 */
export function parseDockerfile(text: Buffer | string, name: string): Dockerfile {
  const source = typeof text === 'string' ? Buffer.from(text) : text;
  if (source.length === 0)
    throw refusal(name, 0, new Reason('the Dockerfile cannot be empty', 'DOCKERFILE_EMPTY'));
  const { list, escape } = readStatements(source, name);
  const metaArgs: ArgInstruction[] = [];
  const stages: (Stage & { readonly instructions: Instruction[] })[] = [];
  for (const statement of list) {
    const parsed = placed(name, statement.line, () => parseInstruction(statement));
    if (parsed.kind === 'from')
      stages.push({ index: stages.length, ...parsed.stage, instructions: [] });
    else if (stages.length > 0) stages.at(-1)?.instructions.push(parsed);
    else if (parsed.kind === 'arg') metaArgs.push(parsed);
    else throw refusal(name, statement.line, new Reason('no build stage in current context'));
  }
  if (stages.length === 0) {
    const reason = new Reason('dockerfile contains no stages to build', 'DOCKERFILE_EMPTY');
    throw refusal(name, 0, reason);
  }
  return { name, escape, check: checkDirective(source), metaArgs, stages };
}

/**
 * Parses an ONBUILD trigger, with `\` as the escape character.
 * @param line the line of the FROM or the ONBUILD, for messages
 */
export function parseTrigger(trigger: string, name: string, line: number): Instruction {
  return placed(name, line, () => {
    const [statement, ...more] = readStatements(Buffer.from(trigger), name, line).list;
    if (!statement || more.length > 0)
      throw new Reason('onbuild trigger should be a single expression');
    const parsed = parseInstruction({ ...statement, line, endLine: line });
    if (parsed.kind === 'from') throw new Reason("FROM isn't allowed as an ONBUILD trigger");
    return parsed;
  });
}
