/** Which warnings are reported, and whether they are errors: `skip=NAME,…;error=true` (BuildKit, linter/linter.go). */
import { DockerceptionError } from '../../errors.js';
import { quote, trim } from '../../text/go.js';
import type { Dockerfile } from '../instructions/instruction.js';
import { placed, Reason } from '../reason.js';
import { buildArg } from '../stages/scope.js';

export interface Checks {
  readonly skips: (rule: string) => boolean;
  /** Whether a warning fails the build. */
  readonly error: boolean;
}

const BUILD_ARG = 'BUILDKIT_DOCKERFILE_CHECK';

/**
 * Reads the directive `# check`, or the build argument that replaces it.
 * @throws DockerceptionError `DOCKERFILE_CHECK`, of kind `build` for the directive, `usage` for the build argument
 */
export function readChecks(
  { name, check }: Dockerfile,
  buildArgs: Readonly<Record<string, string>>,
): Checks {
  const given = buildArg(buildArgs, BUILD_ARG);
  if (given === undefined)
    return placed(name, check?.line ?? 0, () => parseChecks(check?.value ?? ''));
  try {
    return parseChecks(given);
  } catch (error) {
    if (!(error instanceof Reason)) throw error;
    const message = `reading \`buildArgs: ${BUILD_ARG}\`: ${error.message}`;
    throw new DockerceptionError('usage', error.code, message, { hint: error.hint });
  }
}

function parseChecks(text: string): Checks {
  const skipped = new Set<string>();
  let error = false;
  const whole = trim(text);
  const [first = '', second, ...rest] = whole.split(';');
  const options = [first, second, ...(rest.length > 0 ? [rest.join(';')] : [])];
  for (const option of whole === '' ? [] : options) {
    if (option === undefined) continue;
    const equals = option.indexOf('=');
    if (equals < 0) throw invalid(option);
    const key = trim(option.slice(0, equals));
    const value = trim(option.slice(equals + 1));
    if (key === 'error') error = flag(value, option);
    else if (key === 'skip') for (const rule of value.split(',')) skipped.add(trim(rule));
    // The rules that were experimental are not any more.
    else if (key !== 'experimental') throw invalid(key);
  }
  return { skips: (rule) => skipped.has('all') || skipped.has(rule), error };
}

/** Go's strconv.ParseBool. */
function flag(value: string, option: string): boolean {
  if (/^(?:1|t|T|TRUE|true|True)$/.test(value)) return true;
  if (/^(?:0|f|F|FALSE|false|False)$/.test(value)) return false;
  throw invalid(option);
}

function invalid(option: string): Reason {
  const hint = 'as in skip=JSONArgsRecommended,UndefinedVar;error=true, or skip=all';
  return new Reason(`invalid check option ${quote(option)}`, 'DOCKERFILE_CHECK', hint);
}
