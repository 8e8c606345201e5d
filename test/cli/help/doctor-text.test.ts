/** The text of `doctor` fits a terminal, whatever a machine is like. */
import { expect, it } from 'vitest';
import type { Survey } from '../../../src/doctor/survey.js';
import { surveyText } from '../../../src/doctor/text.js';
import { DockerceptionError } from '../../../src/errors.js';

const error = new DockerceptionError('engine', 'ENGINE_UNREACHABLE', 'word '.repeat(50));
const address = `unix:///run/${'long/'.repeat(20)}engine.sock`;

const SURVEY: Survey = {
  choice: { engine: 'docker', name: address, why: 'DOCKER_HOST names it', error },
  engines: [
    { address, origin: 'DOCKER_HOST', isDefault: true, error },
    { address: 'tcp://\u001b[31mhost', origin: 'context far', isDefault: false },
  ],
  builders: [{ name: 'farm', isDefault: false, nodes: [address, address], error }],
  credentials: {
    file: `/${'home/'.repeat(20)}config.json`,
    registries: Array.from({ length: 20 }, (_, at) => `registry${at}.example`),
    helpers: [],
  },
  programs: [{ name: 'xz', path: '/usr/bin/xz', use: 'contexts in xz '.repeat(8) }],
  cache: { folder: '/cache', isWritable: true, files: 2, bytes: 1234, isPartial: false },
};

it('is at most 80 columns wide, and has every word', () => {
  const text = surveyText(SURVEY, (part) => part.replaceAll('\u001b', '\\x1b'));
  expect(text.split('\n').filter((line) => line.length > 80)).toEqual([]);
  const whole = text.replace(/\s+/g, '');
  for (const part of [
    address,
    'registry19.example',
    'tcp://\\x1b[31mhost',
    'contextsinxz'.repeat(8),
  ])
    expect(whole).toContain(part);
  expect(text).toContain('\n  xz  /usr/bin/xz: contexts in xz ');
  expect(text).toContain('\n  /cache  1.2 kB in 2 files\n');
});
