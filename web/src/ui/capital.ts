/** Words as the beginning of a line. Names of programs, such as `http.new_item`, stay as they are. */
export function capital(words: string): string {
  return /^\S+[._]\S/.test(words) ? words : words.charAt(0).toUpperCase() + words.slice(1);
}
