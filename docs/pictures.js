/**
 * Pictures of real runs, which need no engine: `terminal.svg` and `inspect.svg`, a build and an inspection in a terminal, and,
 * with Debian's Chromium, `page.png`, the HTML page of `inspect`. `node docs/pictures.js FOLDER` writes them into a folder.
 * The repository has the first one for its README, `docs/terminal.svg`.
 */
import { execFile } from 'node:child_process';
import { access, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const CHROMIUM = '/usr/bin/chromium';
const COLUMNS = 96;

/** Two folders: a program with its documents, and the same with its sources and a Dockerfile for the first. */
const PREPARATION = `mkdir -p app/usr/share && node "$ROOT/samples/hello/builder.js" | tar -x -C app hello
  cp -r "$ROOT/docs" app/usr/share/doc && cp -r app sources && cp -r "$ROOT/src" "$ROOT/test" sources
  printf 'FROM scratch\\nCOPY hello /bin/\\nCOPY usr /usr\\nCMD ["hello"]\\n' > app/Dockerfile`;

/** Pictures of a terminal, each with the command that is run in it. */
const TERMINALS = {
  terminal: 'tar -c -C app . | dockerception -t app -o app.tar',
  inspect: 'dockerception inspect app.tar --depth 1',
};
const COMPARISON =
  'tar -cf sources.tar -C sources . && dockerception inspect sources.tar --diff app.tar --html page.html';

/**
 * Colours of a terminal, by the parameter of the sequence that sets them.
 * @type {Readonly<Record<string, string>>}
 */
const COLOURS = {
  1: 'font-weight="bold"',
  2: 'fill="#8b949e"',
  31: 'fill="#ff7b72"',
  32: 'fill="#7ee787"',
  33: 'fill="#e3b341"',
  34: 'fill="#79c0ff"',
  36: 'fill="#56d4dd"',
};

/** @param {string} folder for the pictures; it is created */
export async function writePictures(folder) {
  await mkdir(folder, { recursive: true });
  const work = await mkdtemp(join(tmpdir(), 'dockerception-pictures-'));
  try {
    await mkdir(join(work, 'path'));
    await symlink(join(ROOT, 'bin/dockerception.js'), join(work, 'path/dockerception'));
    await onTerminal(work, PREPARATION);
    for (const [name, command] of Object.entries(TERMINALS)) {
      const lines = screenOf(`$ ${command}\n${await onTerminal(work, command)}`);
      await writeFile(join(folder, `${name}.svg`), drawTerminal(lines));
    }
    await onTerminal(work, COMPARISON);
    await photograph(join(work, 'page.html'), join(folder, 'page.png'));
  } finally {
    await rm(work, { recursive: true });
  }
}

/**
 * Runs a command on a terminal of its own.
 * @param {string} cwd @param {string} command @returns {Promise<string>} all that the terminal received
 */
async function onTerminal(cwd, command) {
  const PATH = `${join(cwd, 'path')}${delimiter}${process.env['PATH']}`;
  const env = {
    ...process.env,
    NO_COLOR: undefined,
    PATH,
    ROOT,
    SHELL: '/bin/bash',
    TERM: 'xterm',
    DOCKERCEPTION_ENGINE: 'embedded',
  };
  const script = `stty cols ${COLUMNS} rows 60; set -eo pipefail; ${command}`;
  const child = run('script', ['-qefc', script, '/dev/null'], { cwd, env });
  child.child.stdin?.end();
  return (await child).stdout;
}

/** @typedef {{ style: string, text: string }} Span */

/**
 * The lines that a terminal shows at the end, as far as this program uses a terminal.
 * @param {string} output @returns {Span[][]}
 */
function screenOf(output) {
  /** @type {Span[][]} */
  const lines = [[]];
  let [row, column, style] = [0, 0, ''];
  for (const part of output.match(/\x1b\[[?0-9;]*[A-Za-z]|[^]/gu) ?? []) {
    const line = (lines[row] ??= []);
    const [, count = '', command] = /** @type {string[]} */ (
      /^\x1b\[([?0-9;]*)([A-Za-z])$/.exec(part) ?? []
    );
    if (command === 'A') row = Math.max(row - Number(count || 1), 0);
    else if (command === 'J') {
      lines.length = row + 1;
      line.length = column;
    } else if (command === 'K') line.length = column;
    else if (command === 'm') style = COLOURS[count] ?? '';
    else if (part === '\r') column = 0;
    else if (part === '\n') {
      row++;
      column = 0;
      lines[row] ??= [];
    } else if (part >= ' ') {
      if (column === COLUMNS) [row, column] = [row + 1, 0];
      (lines[row] ??= [])[column++] = { style, text: part };
    }
  }
  while (lines.at(-1)?.length === 0) lines.pop();
  return lines;
}

/** @param {Span[][]} lines @returns {string} an SVG */
function drawTerminal(lines) {
  const [width, height] = [Math.ceil(COLUMNS * 8.43) + 32, lines.length * 20 + 28];
  const escaped = (/** @type {string} */ text) =>
    text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const drawn = lines.map((line, at) => {
    /** @type {Span[]} */
    const spans = [];
    for (const { style, text } of line) {
      const last = spans.at(-1);
      if (last?.style === style) last.text += text;
      else spans.push({ style, text });
    }
    const inner = spans.map(({ style, text }) =>
      style === '' ? escaped(text) : `<tspan ${style}>${escaped(text)}</tspan>`,
    );
    return `<text x="16" y="${at * 20 + 30}" style="white-space:pre">${inner.join('')}</text>\n`;
  });
  const size = `width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img" aria-label="What a terminal shows">
<rect width="${width}" height="${height}" rx="8" fill="#0d1117"/>
<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="14" fill="#e6edf3" xml:space="preserve">
${drawn.join('')}</g>
</svg>
`;
}

/** @param {string} page @param {string} picture */
async function photograph(page, picture) {
  try {
    await access(CHROMIUM);
  } catch {
    process.stderr.write(`${CHROMIUM} doesn't exist: the page has no picture\n`);
    return;
  }
  const { chromium } = await import('playwright-core');
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
  try {
    const tab = await browser.newPage({ viewport: { width: 1400, height: 900 } });
    await tab.goto(pathToFileURL(page).href);
    await tab.locator('.map[aria-label]').waitFor();
    await tab.screenshot({ path: picture });
  } finally {
    await browser.close();
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await writePictures(process.argv[2] ?? '.');
