/** All cases, by topic. */
import type { Case } from '../case.js';
import { additions } from './add.js';
import { contextTars } from './context.js';
import { copies } from './copy.js';
import { excluded } from './exclude.js';
import { heredocs } from './heredoc.js';
import { dockerfiles } from './language.js';
import { linkFlag } from './link-flag.js';
import { links } from './links.js';
import { metadata } from './metadata.js';
import { ownersAndModes } from './owners.js';
import { parents } from './parents.js';
import { basesAndPlatforms } from './platforms.js';
import { referenceOfFiles } from './reference-files.js';
import { referenceOfTexts } from './reference-text.js';
import { special } from './special.js';
import { stagesOfBuilds } from './stages.js';
import { variables } from './variables.js';
import { workdirs } from './workdir.js';

export const topics: Readonly<Record<string, readonly Case[]>> = {
  COPY: copies,
  links: links,
  '--chown and --chmod': ownersAndModes,
  'special files': special,
  '--exclude': excluded,
  '--link': linkFlag,
  '--parents': parents,
  ADD: additions,
  stages: stagesOfBuilds,
  'WORKDIR and VOLUME': workdirs,
  heredocs: heredocs,
  'the text of a Dockerfile': dockerfiles,
  variables: variables,
  'the configuration': metadata,
  'the tar of a context': contextTars,
  'bases and platforms': basesAndPlatforms,
  'the reference: files': referenceOfFiles,
  'the reference: texts and configurations': referenceOfTexts,
};
