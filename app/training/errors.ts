import { errorTable } from '../errors.ts';

export const { error: trainingError } = errorTable({
  MR_TRAINING_TOO_LITTLE_DATA: {
    status: 409,
    title: 'Too little data to train on.',
    next: 'Take in more events, or shorten `folds.horizon` of the use case; `millrace lake tables` shows what there is.',
  },
  MR_TRAINING_INPUTS: {
    status: 422,
    title: 'The model lacks an input that its trainer needs.',
    next: 'Give the use case one embedding, one string[] and one long input in `model.inputs`.',
  },
  MR_TRAINING_DIMENSIONS: {
    status: 422,
    title: 'A vector does not have the dimensions that the model expects.',
    next: 'Set `factors` of the trainer and `dimensions` of the embedding view to one number, and train again.',
  },
  MR_TRAINING_PARAMETER: {
    status: 422,
    title: 'A hyper-parameter is out of its range.',
    next: 'Correct the search space of the trainer in the use case.',
  },
  MR_TRAINING_TRAINER_UNKNOWN: {
    status: 422,
    title: 'No trainer has this name.',
    next: 'Name one of the trainers in app/training in the use case.',
  },
  MR_TRAINING_MODEL_BROKEN: {
    status: 422,
    title: 'The model file cannot be used.',
    next: 'Roll back to an intact release with `millrace registry rollback`, or train again.',
  },
  MR_TRAINING_NOT_POSITIVE_DEFINITE: {
    status: 500,
    title: 'A system of equations of the trainer has no unique solution.',
    next: 'Raise the least value of `regularization` in the search space above 0.',
  },
});
