import { arithmetic } from './arithmetic.ts';
import { collections } from './collections.ts';
import { comparison } from './comparison.ts';
import { conversion } from './conversion.ts';
import { type Library, mergeLibraries } from './overload.ts';
import { text } from './text.ts';
import { time } from './time.ts';

/** The functions of the language, optional types and comprehensions with two variables included. */
export const standard: Library = mergeLibraries(arithmetic, comparison, conversion, collections, text, time);
