#!/usr/bin/env node
try {
  const { main } = await import('../dist/bin/main.js');
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  // The program itself could not be loaded.
  process.stderr.write(
    `dockerception: ${error instanceof Error ? error.message : String(error)}\n`,
  );
  process.exitCode = 1;
}
