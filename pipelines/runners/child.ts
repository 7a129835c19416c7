import { findStep } from '../index.ts';
import { serveOneStep } from './step-process.ts';

serveOneStep(findStep);
