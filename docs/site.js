/**
 * A plugin of typedoc, which makes the site: the documents have their headings as titles, in groups, and pictures of
 * real runs. `<!-- picture: NAME -->` in a document is where a picture is shown; they aren't in the repository.
 */
import { join, relative } from 'node:path';
import { Converter, PageEvent, RendererEvent } from 'typedoc';
import { writePictures } from './pictures.js';

/** The navigation's groups of documents, by path; the first that matches. */
const GROUPS = /** @type {const} */ ([
  [/^docs\/patterns(?:\.md|\/)/, 'Patterns'],
  [/^docs\/(?:command-line|errors|findings|inspect-json)\.md$/, 'Reference'],
  [/^docs\/(?!design|dependencies|performance|sizes)/, 'Guide'],
  [/./, 'Project'],
]);

/** @param {import('typedoc').Application} app */
export function load(app) {
  app.converter.on(Converter.EVENT_CREATE_DOCUMENT, (_context, document) => {
    const path = relative('.', document.project.files.getReflectionPath(document) ?? '');
    const [, group] = GROUPS.find(([pattern]) => pattern.test(path)) ?? [];
    document.frontmatter['category'] = group;
  });
  // Addresses have been made from the paths by then; titles are for people.
  app.renderer.on(RendererEvent.BEGIN, ({ project }) => {
    for (const document of project.documents ?? []) {
      const text = document.content.map((part) => part.text).join('');
      document.name = (/^# (.*)$/m.exec(text)?.[1] ?? document.name).replaceAll('`', '');
    }
  });
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    // The page has the project's name as its heading.
    const [first] = project.readme ?? [];
    if (first !== undefined) first.text = first.text.replace(/^# .*\n/, '');
  });
  app.renderer.on(PageEvent.END, (page) => {
    const media = '../'.repeat(page.url.split('/').length - 1) + 'media/';
    page.contents = page.contents?.replace(
      /<!-- picture: (\S+) (.*?) -->/g,
      (_whole, file, alt) => `<p><img src="${media}${file}" alt="${alt}"></p>`,
    );
  });
  app.renderer.postRenderAsyncJobs.push(async ({ outputDirectory }) => {
    await writePictures(join(outputDirectory, 'media'));
  });
}
