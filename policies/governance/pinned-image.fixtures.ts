import type { Fixtures } from '../fixture.ts';
import { container, EXPORTER, IMAGE, inEachForm, workload } from '../samples.ts';

const withImage = (image: string) => (form: Parameters<typeof workload>[0]) => [
  workload(form, EXPORTER, { containers: [container({ image })] }),
];
const withInit = (image: string) => (form: Parameters<typeof workload>[0]) => [
  workload(form, EXPORTER, { initContainers: [container({ name: 'first', image })] }),
];
const PODS = ['Pod', 'Deployment', 'CronJob'] as const;

export const fixtures: Fixtures = {
  passing: [
    ...inEachForm('by digest', withImage(IMAGE)),
    ...inEachForm('tag and digest', withImage(IMAGE.replace('@', ':1.4.2@')), ['Deployment']),
    ...inEachForm('init container by digest', withInit(IMAGE), PODS),
  ],
  violating: [
    ...inEachForm('by tag', withImage('registry.example.org/millrace/millrace:1.4.2')),
    ...inEachForm('init container by tag', withInit('registry.example.org/millrace/millrace:1.4.2'), PODS),
    ...inEachForm('no tag at all', withImage('registry.example.org/millrace/millrace'), PODS),
    ...inEachForm('from a registry that is not ours', withImage(IMAGE.replace('registry.example.org', 'docker.io')), PODS),
    ...inEachForm('a registry whose name only begins like ours', withImage(IMAGE.replace('.org/', '.org.evil.example/')), PODS),
    ...inEachForm('a digest that is too short', withImage(IMAGE.slice(0, -1)), PODS),
  ],
};
