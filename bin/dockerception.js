#!/usr/bin/env node
const args = process.argv.slice(2);
// Without a builder, `filter` has a smaller bundle, which starts faster.
const isPlainFilter = args[0] === 'filter' && !args.some((text) => text.startsWith('--from'));
try {
  const { main } = isPlainFilter
    ? await import('../dist/bin/filter.js')
    : await import('../dist/bin/main.js');
  process.exitCode = await main(args);
} catch (error) {
  // The program itself could not be loaded.
  process.stderr.write(
    `dockerception: ${error instanceof Error ? error.message : String(error)}\n`,
  );
  process.exitCode = 1;
}
