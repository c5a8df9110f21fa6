/** From the scheme to the last `@` before path, query or fragment. */
const USER_INFO = /^([a-z][a-z0-9+.-]*:\/\/)[^/?#]*@/i;

/**
 * A URL without user and password: the form in which it is written and printed.
 * @returns any other text as it is.
 */
export function withoutCredentials(url: string): string {
  return url.replace(USER_INFO, "$1");
}
