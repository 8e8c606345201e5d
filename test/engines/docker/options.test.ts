import { Readable } from 'node:stream';
import { afterAll, describe, expect, it } from 'vitest';
import { dockerEngine } from '../../../src/engine/docker/docker-engine.js';
import type { BuildResult, EngineRequest } from '../../../src/engine/engine.js';
import type { ProgressEvent } from '../../../src/progress/events.js';
import {
  cleanUp,
  connectTo,
  contextOf,
  engines,
  inspectImage,
  logsOf,
  options,
  uniqueTag,
  variants,
} from '../engines.js';

const FROM = `FROM ${engines.base}`;

describe.each(variants)(
  'an option of a build with $name',
  ({ engine, env, host, buildkit, podman }) => {
    afterAll(() => cleanUp(host));

    const buildWith = async (
      files: Readonly<Record<string, string>>,
      change: Partial<EngineRequest>,
    ): Promise<BuildResult & { events: readonly ProgressEvent[]; text: string }> => {
      const build = dockerEngine(await connectTo(env), { env, stdout: process.stdout });
      const asked = options(change);
      const result = await build({ stream: Readable.from([await contextOf(files)]) }, asked);
      return { ...result, events: asked.events, text: logsOf(asked.events) };
    };

    it('--label labels the image, whatever characters the label has', async () => {
      const labels = { 'org.example.a': 'b c="d" & é+/%', empty: '' };
      const { imageId } = await buildWith({ Dockerfile: `${FROM}\nENV A=1\n` }, { labels });
      expect((await inspectImage(host, imageId)).Config.Labels).toMatchObject(labels);
    });

    it('--build-arg sets an argument', async () => {
      const Dockerfile = `${FROM}\nARG WHO=nobody\nRUN echo "for <$WHO>"\n`;
      const { text } = await buildWith(
        { Dockerfile },
        { buildArgs: { WHO: 'ä b&c' }, noCache: true },
      );
      expect(text).toContain('for <ä b&c>');
    });

    it('--build-arg with another value, or none again, is another image', async () => {
      const lines = [FROM, `LABEL only=${uniqueTag()}`, 'ARG WHO=nobody', 'ENV WHO=$WHO'];
      const files = { Dockerfile: `${lines.join('\n')}\n` };
      for (const who of ['one', 'two', undefined, 'two', undefined]) {
        const { imageId } = await buildWith(
          files,
          who === undefined ? {} : { buildArgs: { WHO: who } },
        );
        const { Env } = (await inspectImage(host, imageId)).Config;
        expect(Env).toContain(`WHO=${who ?? 'nobody'}`);
      }
    });

    it('--target stops at a stage', async () => {
      const Dockerfile = `${FROM} AS one\nLABEL stage=one\n${FROM}\nLABEL stage=two\n`;
      const { imageId } = await buildWith({ Dockerfile }, { target: 'one' });
      expect((await inspectImage(host, imageId)).Config.Labels).toMatchObject({ stage: 'one' });
    });

    it('--file takes another Dockerfile, in a folder too', async () => {
      const files = {
        'sub/My.Dockerfile': `${FROM}\nLABEL from=sub\n`,
        Dockerfile: 'FROM wrong\n',
      };
      const { imageId } = await buildWith(files, { file: 'sub/My.Dockerfile' });
      expect((await inspectImage(host, imageId)).Config.Labels).toMatchObject({ from: 'sub' });
    });

    it('--add-host adds hosts, in all the forms that the option has', async () => {
      const addHosts = [
        'db.example:10.1.2.3',
        'six.example=[2001:db8::1]',
        'v6.example:2001:db8::2',
      ];
      const Dockerfile = `${FROM}\nRUN cat /etc/hosts\n`;
      const { text } = await buildWith({ Dockerfile }, { addHosts, noCache: true });
      expect(text).toMatch(/10\.1\.2\.3\s+db\.example/);
      expect(text).toMatch(/2001:db8::1\s+six\.example/);
      expect(text).toMatch(/2001:db8::2\s+v6\.example/);
    });

    it('--add-host with host-gateway adds the engine’s host, or is refused', async () => {
      const building = buildWith(
        { Dockerfile: `${FROM}\nRUN cat /etc/hosts\n` },
        { addHosts: ['gateway.example:host-gateway'], noCache: true },
      );
      if (podman || (buildkit && engine === 'docker20'))
        await expect(building).rejects.toMatchObject({ kind: 'usage', code: 'HOST_GATEWAY' });
      else expect((await building).text).toMatch(/^\d+(?:\.\d+){3}\s+gateway\.example/m);
    });

    it('--network none leaves the loopback interface alone, or is refused where it would be ignored', async () => {
      const Dockerfile = `${FROM}\nRUN cat /proc/net/dev | grep -c : | sed 's/^/interfaces: /'\n`;
      const building = buildWith({ Dockerfile }, { network: 'none', noCache: true });
      if (podman) await expect(building).rejects.toMatchObject({ kind: 'usage', code: 'NETWORK' });
      else expect((await building).text).toContain('interfaces: 1');
    });

    it('--network host is taken', async () => {
      const { imageId } = await buildWith(
        { Dockerfile: `${FROM}\nRUN true\n` },
        { network: 'host' },
      );
      expect(imageId).toMatch(/^sha256:/);
    });

    it('--no-cache runs a step again; without it the step is taken from the cache', async () => {
      const unique = uniqueTag();
      const files = { Dockerfile: `${FROM}\nRUN echo ${unique}-$((6*7))\n` };
      const tags = [uniqueTag()];
      expect((await buildWith(files, { tags })).text).toContain(`${unique}-42`);
      const again = await buildWith(files, { tags });
      expect(again.text).not.toContain(`${unique}-42`);
      const cached = again.events.some(
        (event) =>
          event.kind === 'status' && event.status.vertexes?.some((vertex) => vertex.cached),
      );
      expect(cached).toBe(true);
      expect((await buildWith(files, { tags, noCache: true })).text).toContain(`${unique}-42`);
    });

    it('--pull asks the registry for a base that is there', async () => {
      const base = `${engines.registry.address}/base`;
      const Dockerfile = `FROM ${base}\nLABEL a=b\n`;
      expect((await buildWith({ Dockerfile }, { pull: true })).imageId).toMatch(/^sha256:/);
      const gone = `FROM ${engines.registry.address}/${uniqueTag()}\n`;
      await expect(buildWith({ Dockerfile: gone }, { pull: true })).rejects.toMatchObject({
        kind: 'build',
      });
    });

    it('--platform decides for which machine', async () => {
      const Dockerfile = 'FROM scratch\nCOPY Dockerfile /\n';
      // Without a cache: the classic builder's takes no notice of the platform.
      const change = { platforms: ['linux/arm64'], noCache: true };
      const { imageId } = await buildWith({ Dockerfile }, change);
      expect((await inspectImage(host, imageId)).Architecture).toBe('arm64');
    });

    it('--platform with two is refused before anything is sent', async () => {
      const platforms = ['linux/arm64', 'linux/amd64'];
      await expect(
        buildWith({ Dockerfile: 'FROM scratch\n' }, { platforms }),
      ).rejects.toMatchObject({
        kind: 'usage',
      });
    });

    it('-t several times names one image', async () => {
      const tags = [
        `${uniqueTag()}:1.10`,
        `${engines.registry.address}/${uniqueTag()}:x`,
        uniqueTag(),
      ];
      const { imageId } = await buildWith({ Dockerfile: `${FROM}\nLABEL a=b\n` }, { tags });
      for (const tag of tags)
        expect((await inspectImage(host, tag)).Id).toContain(imageId.slice(7));
    });
  },
);
