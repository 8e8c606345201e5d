/**
 * Actions and workflows, read and checked by the parser of GitHub's own editors (actions/languageservices). Its schemas
 * are those of the runner.
 */
import { readFileSync } from 'node:fs';
import { data, Evaluator, Lexer, Parser } from '@actions/expressions';
import {
  convertWorkflowTemplate,
  NoOperationTraceWriter,
  parseWorkflow,
  type TemplateParseResult,
} from '@actions/workflow-parser';
import { parseAction } from '@actions/workflow-parser/actions/action-parser';
import { convertActionTemplate } from '@actions/workflow-parser/actions/action-template';
import type { Step as ParsedStep } from '@actions/workflow-parser/model/workflow-template';
import type { TemplateToken } from '@actions/workflow-parser/templates/tokens/template-token';
import {
  isBasicExpression,
  isMapping,
  isScalar,
  isSequence,
} from '@actions/workflow-parser/templates/tokens/type-guards';

/** What expressions may name: `inputs`, `steps`, `github`, … */
export type Contexts = Readonly<Record<string, unknown>>;

/** A value with expressions in it. */
export type Value = (contexts: Contexts) => string;

export interface Step {
  readonly id: string;
  readonly name: string;
  /** A script, or the action that is used. */
  readonly run?: Value;
  readonly uses?: string;
  readonly env: Readonly<Record<string, Value>>;
  /** Of `with`. */
  readonly inputs: Readonly<Record<string, Value>>;
}

export interface Action {
  /** The default of every input; an input without one is empty. */
  readonly inputs: Readonly<Record<string, string>>;
  readonly outputs: Readonly<Record<string, Value>>;
  readonly steps: readonly Step[];
}

export interface Job {
  readonly env: Readonly<Record<string, Value>>;
  readonly steps: readonly Step[];
}

/** What the parser finds wrong. */
export function errorsOf(kind: 'action' | 'workflow', content: string): string[] {
  const parsed = parse(kind, content);
  return parsed.context.errors.getErrors().map(({ message }) => message);
}

/** Reads an `action.yml` whose steps are run. */
export function readAction(path: string): Action {
  const { context, value } = parse('action', readFileSync(path, 'utf8'));
  context.errors.check();
  if (value === undefined) throw new Error(`${path} is empty`);
  const { inputs = [], outputs = [], runs } = convertActionTemplate(context, value);
  if (runs.using !== 'composite') throw new Error(`${path} is not composite`);
  return {
    inputs: Object.fromEntries(inputs.map((one) => [one.id, one.default?.toString() ?? ''])),
    outputs: Object.fromEntries(outputs.map((one) => [one.id, valueOf(one.value)])),
    steps: runs.steps.map((step) => stepOf(step, undefined)),
  };
}

/** Reads the only job of a workflow. */
export async function readJob(path: string): Promise<Job> {
  const { context, value } = parse('workflow', readFileSync(path, 'utf8'));
  context.errors.check();
  if (value === undefined) throw new Error(`${path} is empty`);
  const workflow = await convertWorkflowTemplate(context, value);
  const [job, ...others] = workflow.jobs;
  if (job?.type !== 'job' || others.length > 0) throw new Error(`${path} has not one job`);
  // The converter drops `with`.
  const root = mappingOf(value);
  const jobs = mappingOf(root['jobs']);
  const list = mappingOf(jobs[job.id.value])['steps'];
  const steps = list !== undefined && isSequence(list) ? [...list] : [];
  return {
    env: { ...valuesOf(workflow.env), ...valuesOf(job.env) },
    steps: job.steps.map((step, index) => stepOf(step, mappingOf(steps[index])['with'])),
  };
}

function parse(kind: 'action' | 'workflow', content: string): TemplateParseResult {
  const file = { name: `${kind}.yml`, content };
  const trace = new NoOperationTraceWriter();
  return kind === 'action' ? parseAction(file, trace) : parseWorkflow(file, trace);
}

function stepOf(step: ParsedStep, inputs: TemplateToken | undefined): Step {
  if (!('run' in step) && !('uses' in step)) throw new Error(`the step ${step.id} does nothing`);
  return {
    id: step.id,
    name: step.name?.toString() ?? step.id,
    ...('run' in step ? { run: valueOf(step.run) } : { uses: step.uses.value }),
    env: valuesOf(step.env),
    inputs: valuesOf(inputs),
  };
}

function mappingOf(token: TemplateToken | undefined): Record<string, TemplateToken> {
  if (token === undefined || !isMapping(token)) return {};
  return Object.fromEntries([...token].map(({ key, value }) => [key.toString(), value]));
}

function valuesOf(token: TemplateToken | undefined): Record<string, Value> {
  const members = Object.entries(mappingOf(token));
  return Object.fromEntries(members.map(([name, value]) => [name, valueOf(value)]));
}

function valueOf(token: TemplateToken | undefined): Value {
  if (token === undefined || !isScalar(token)) return () => '';
  if (!isBasicExpression(token)) return () => token.toString();
  return (contexts) => evaluate(token.expression, contexts);
}

/** Evaluates as GitHub does; a text with expressions in it is a call of `format`. */
function evaluate(expression: string, contexts: Contexts): string {
  const { tokens } = new Lexer(expression).lex();
  const parsed = new Parser(tokens, Object.keys(contexts), []).parse();
  const dictionary = JSON.parse(JSON.stringify(contexts), data.reviver) as data.Dictionary;
  return new Evaluator(parsed, dictionary).evaluate().coerceString();
}
