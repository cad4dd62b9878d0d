import type { InferenceSession } from 'onnxruntime-node'
import { isTaskName, type TaskName } from '../../wire/messages.ts'
import type { Bundle } from '../bundle/bundle.ts'
import { asFailure, Failure } from '../failure.ts'
import { loadSharp } from '../media/image.ts'
import { imageClassification } from './image-classification.ts'
import { speechRecognition } from './speech-recognition.ts'
import type { Task } from './task.ts'
import { textClassification } from './text-classification.ts'
import { createPipeline, type Pipeline } from './transformers.ts'

/**
 * Makes a task of a bundle ready. transformers is imported here and only here: it takes longer than all the rest.
 *
 * @throws {Failure} `TASK_UNSUPPORTED`, `MODEL_INVALID`, `MODEL_NEEDS_MORE_MEMORY`.
 */
export async function loadTask(
  name: string,
  bundle: Bundle,
  session: InferenceSession,
  threads: number,
): Promise<Task> {
  if (!isTaskName(name)) throw new Failure('TASK_UNSUPPORTED', 'task-unknown')
  const task = await taskOf(name, await createPipeline(name, bundle, session, threads), bundle, threads)
  try {
    await task.warmUp()
  } catch (error) {
    const failure = asFailure(error, 'TASK_UNSUPPORTED', 'pipeline')
    if (failure.code === 'MODEL_NEEDS_MORE_MEMORY') throw failure
  }
  return task
}

async function taskOf(name: TaskName, pipeline: Pipeline, bundle: Bundle, threads: number): Promise<Task> {
  switch (name) {
    case 'text-classification':
      return textClassification(pipeline)
    case 'image-classification':
      loadSharp(threads)
      return imageClassification(pipeline)
    case 'automatic-speech-recognition':
      return speechRecognition(pipeline, bundle)
    default:
      return name satisfies never
  }
}
