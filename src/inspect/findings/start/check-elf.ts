/** Whether an ELF file is a program for the image's platform, whose loader and libraries are there. */
import { architectureName } from '../../../elf/architecture.js';
import { printable } from '../../../text/printable.js';
import { type Entry, find } from '../../entry.js';
import type { Finding } from '../../finding.js';
import type { ElfContent } from '../../probe/content.js';
import { finding } from '../catalogue.js';
import type { Run } from '../subject.js';
import { type Checked, type Circumstances, only } from './checked.js';
import { load } from './libraries.js';
import { runsOn } from './machine.js';
import { libraryMissing, loaderMissing } from './missing-libraries.js';

export async function checkElf(
  run: Run,
  entry: Entry,
  elf: ElfContent,
  { platform, called }: Circumstances,
): Promise<Checked> {
  const { path } = entry;
  if (elf.kind === 'relocatable' || elf.kind === 'core')
    return only(
      finding(
        'entrypoint-format',
        path,
        `${called} is ${elf.kind === 'core' ? 'the dump of a process' : 'an object file, which was not linked'}`,
        'name the linked program in ENTRYPOINT or CMD',
      ),
    );
  const runs = runsOn(elf.architecture, platform);
  if (runs === 'no')
    return only(
      finding(
        'entrypoint-architecture',
        path,
        `${called} is for ${architectureName(elf.architecture)}, the image for ${printable(platform)}`,
        'build it for the image’s platform (GOARCH, --target, a cross compiler), or build the image with --platform',
      ),
    );
  const findings: Finding[] = [];
  if (runs === 'maybe')
    findings.push(
      finding(
        'entrypoint-32-bit',
        path,
        `${called} is for 32-bit ARM, the image for ${printable(platform)}`,
        'build it for 64 bits: not every processor that the image is for runs it',
      ),
    );
  if (elf.interpreter === undefined) return { findings, running: [path] };
  const loader = find(run.root, elf.interpreter);
  if (loader?.kind !== 'file')
    return {
      findings: [...findings, loaderMissing(run, path, called, elf.interpreter)],
      running: [],
    };
  const loaded = await load(run, entry, elf, loader);
  const missing = loaded?.missing[0];
  if (loaded !== undefined && missing !== undefined)
    findings.push(libraryMissing(run, path, called, loaded, missing));
  return { findings, running: loaded?.paths ?? [path] };
}
