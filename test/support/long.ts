/** Whether the long tests run (`npm run test:long`): the same properties as in `npm test`, of larger inputs. */
import { inject } from 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    readonly long: boolean;
  }
}

export const LONG = inject('long');
