import { type App, Chart } from 'cdk8s';
import type { UseCase } from '../../app/usecases/usecase.ts';
import { workloadName } from '../cluster/workload.ts';
import { MADE } from '../governance/credentials.ts';
import { namespaceStore, readableSecrets } from '../governance/secrets.ts';
import type { Site } from '../site.ts';
import { changeCapture } from './change-capture.ts';
import { collector } from './collector.ts';
import { kafka } from './kafka.ts';
import { schemas } from './schemas.ts';
import { singleBroker } from './single-broker.ts';
import { singleTopics } from './single-topics.ts';
import { topicWords } from './topic-words.ts';
import { topics } from './topics.ts';
import { principalsOf, users } from './users.ts';

const NAMED = { name: 'kafka', layer: 'ingestion' } as const;

/** The event log, where the platform runs it itself. */
export function platformChart(app: App, site: Site): Chart {
  const chart = new Chart(app, 'ingestion', { disableResourceNameHashes: true });
  const { log } = site.dials.providers;
  if (log === 'msk') return chart;
  namespaceStore(chart, site, 'ingestion');
  if (log === 'strimzi') {
    kafka(chart, site);
    readableSecrets(chart, site, NAMED, [MADE.brokerCertificates]);
  } else {
    singleBroker(chart, site);
    readableSecrets(chart, site, NAMED, [MADE.singleBroker, MADE.singleBrokerCertificate]);
  }
  return chart;
}

/**
 * A use case's door, topics and principals. MSK's topics are resources of the cloud, made from the same values; its principals are
 * the identities of pods, and a single broker has one for all.
 */
export function useCaseChart(app: App, site: Site, usecase: UseCase): Chart {
  const chart = new Chart(app, `${usecase.name}-ingestion`, { disableResourceNameHashes: true });
  schemas(chart, site, usecase);
  if (site.dials.providers.log === 'strimzi') {
    topics(chart, site, usecase);
    users(chart, site, usecase);
    const passwords = principalsOf(usecase).map((declaration) => workloadName(usecase.name, declaration));
    readableSecrets(chart, site, { name: 'log-users', layer: 'ingestion', usecase: usecase.name }, passwords);
  }
  if (site.dials.providers.log === 'single') singleTopics(chart, site, usecase);
  if (site.dials.providers.log !== 'strimzi') topicWords(chart, site, usecase);
  changeCapture(chart, site, usecase);
  collector(chart, site, usecase);
  return chart;
}
