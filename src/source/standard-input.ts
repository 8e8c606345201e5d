/** The names that standard input has. */
const NAMES = /^(?:-|\/dev\/stdin|(?:\/dev|\/proc\/self)\/fd\/0)$/;

/** Whether a path of the host is standard input. */
export function isStandardInput(path: string): boolean {
  return NAMES.test(path);
}
