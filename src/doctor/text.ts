/** A survey as text. */
import { messageOf } from '../errors.js';
import { formatBytes } from '../text/format.js';
import { LINE_WIDTH, textWidth, wrap } from '../text/terminal.js';
import type { BuilderReport } from './builders.js';
import type { EngineReport } from './engines.js';
import type { CacheReport, CredentialsReport, ProgramReport } from './machine.js';
import type { Survey } from './survey.js';

type Row = readonly [name: string, text: string];

/** Columns. */
const MAX_NAME_WIDTH = 32;

/** @param show how a message is shown: what an engine or a file says must not control the terminal */
export function surveyText(survey: Survey, show: (text: string) => string): string {
  const { choice, engines, builders, credentials, programs, cache } = survey;
  const section = (title: string, rows: readonly Row[]): string => {
    const shown = rows.map(([name, text]): Row => [show(name), show(text)]);
    return rows.length === 0
      ? `${lines(`${show(title)}: none`)}\n`
      : `${lines(`${show(title)}:`)}\n${shown.map(layout(shown)).join('')}`;
  };
  return [
    `${lines(show(`${choiceText(choice)}.`))}\n`,
    section('Engines (* is the default)', engines.map(engineRow)),
    section('BuildKit builders (* is named)', builders.map(builderRow)),
    section(`Credentials in ${credentials.file}`, credentialRows(credentials)),
    section('Programs', programs.map(programRow)),
    section('Cache', [cacheRow(cache)]),
  ].join('\n');
}

function lines(text: string, indent = 0): string {
  return wrap(text, LINE_WIDTH - indent).join(`\n${' '.repeat(indent)}`);
}

/** Texts are beside the names, or below names that are too long for that. */
function layout(rows: readonly Row[]): (row: Row) => string {
  const width = Math.max(...rows.map(([name]) => textWidth(name)));
  if (width > MAX_NAME_WIDTH)
    return ([name, text]) => `  ${lines(name, 2)}\n      ${lines(text, 6)}\n`;
  return ([name, text]) =>
    `  ${name}${' '.repeat(width - textWidth(name))}  ${lines(text, width + 4)}\n`;
}

function choiceText({ engine, name, why, error }: Survey['choice']): string {
  if (engine === undefined) return `A build with no options fails: ${why}`;
  const silent = error === undefined || engine === 'embedded' ? '' : ', but it does not answer';
  return `A build with no options uses ${engine}${name === undefined ? '' : ` at ${name}`}: ${why}${silent}`;
}

function marked(name: string, isDefault: boolean): string {
  return `${isDefault ? '*' : ' '} ${name}`;
}

/** The line names what was not reached already. */
function reasonOf(error: Error | undefined): string | undefined {
  return error?.message.replace(/^reaching (?:the engine|BuildKit) at .*?: /, '');
}

function engineRow({ address, origin, isDefault, socket, error, ...answer }: EngineReport): Row {
  const { product, version, apiVersion, builder } = answer;
  const state =
    product === undefined
      ? (reasonOf(error) ?? 'not asked, ssh may need a password')
      : `${product} ${version ?? ''}, API ${apiVersion ?? '?'}, ${builder}`;
  const { permissions, owner, group, isAccessible } = socket ?? {};
  const access = isAccessible === false ? ', which this user may not use' : '';
  const place = socket && `; socket ${permissions} ${owner}:${group}${access}`;
  const name = address === undefined ? origin : `${address} (${origin})`;
  return [marked(name, isDefault), `${state}${place ?? ''}`];
}

function builderRow({
  name,
  isDefault,
  driver,
  nodes,
  status,
  version,
  error,
}: BuilderReport): Row {
  const parts = [
    driver,
    nodes?.join(' '),
    status,
    version && `BuildKit ${version}`,
    reasonOf(error),
  ];
  return [marked(name, isDefault), parts.filter(Boolean).join(', ')];
}

function credentialRows({ registries, helpers, error }: CredentialsReport): Row[] {
  if (error !== undefined) return [['invalid', messageOf(error)]];
  const stored: Row[] = registries.length === 0 ? [] : [['registries', registries.join(', ')]];
  return [...stored, ...helpers.map(programRow)];
}

function programRow({ name, path = 'not on PATH', use }: ProgramReport): Row {
  return [name, `${path}: ${use}`];
}

function cacheRow({ folder = 'none', isWritable, files, bytes, isPartial }: CacheReport): Row {
  const least = isPartial ? 'at least ' : '';
  const count = `${least}${formatBytes(bytes)} in ${least}${files} ${files === 1 ? 'file' : 'files'}`;
  return [folder, `${count}${isWritable ? '' : ', not writable'}`];
}
