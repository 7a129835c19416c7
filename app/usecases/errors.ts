import { errorTable } from '../errors.ts';

export const { error: useCaseError } = errorTable({
  MR_USECASE_NAME: {
    status: 409,
    title: 'A use case cannot be called so',
    next: 'Give folder, export and definition one name that fits: topics, tables, models and objects of a cluster are named after it.',
  },
  MR_USECASE_UNKNOWN: { status: 404, title: 'There is no such use case', next: 'Name a folder of app/usecases/ with --usecase.' },
  MR_USECASE_SOURCE: {
    status: 422,
    title: 'A use case declares a database by halves',
    next: 'Give the source a name and, for each table, its schema and the table of the definition that its rows are of.',
  },
});
