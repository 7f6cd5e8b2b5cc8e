import { startApiServer, type TestServer } from '@coracle/apiserver/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Case, Differential } from './differential.ts';

/** Tests that the same command lines with upstream's kubectl and with this one, against one server, print and make the same. */
export function agreeOn(cases: readonly Case[]): void {
  describe("this kubectl and upstream's", () => {
    let server: TestServer;
    let differential: Differential;

    beforeAll(async () => {
      server = await startApiServer();
      differential = new Differential(server.client);
    });

    afterAll(async () => {
      differential?.close();
      await server?.close();
    });

    for (const one of cases) {
      it(`agree: ${one.name}`, async () => {
        const { steps, objects } = await differential.run(one);
        const shown = (which: 'upstream' | 'ours') => steps.map((step) => ({ command: step.command, ...step[which] }));
        expect(shown('ours')).toEqual(shown('upstream'));
        expect(objects.ours).toEqual(objects.upstream);
      }, 240_000);
    }
  });
}
