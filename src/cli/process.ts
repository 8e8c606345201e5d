/** What a command sees of the process: passed in, so that nothing is read at import. */
export interface Process {
  readonly env: NodeJS.ProcessEnv;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  /** Aborted on SIGINT and SIGTERM, with an error that has the right exit code. */
  readonly signal: AbortSignal;
}
