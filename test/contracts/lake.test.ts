import { freshLake } from '../lake/fresh-lake.ts';
import { lakeContract } from './lake.ts';

lakeContract('embedded lake', freshLake);
