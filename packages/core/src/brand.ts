declare const brand: unique symbol

/**
 * A value of type `T` that only its parser can make, so that two things that look alike cannot be confused.
 *
 * The brand exists in the type system only. `as` is allowed inside the constructor of a brand and nowhere else.
 */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name }
