/**
 * A command in Lua as it is sent to Redis: a file in which each line `--- @include "other.lua"` has become that file, the first time
 * that it is asked for, and each `{{setting}}` its value.
 *
 * @throws where a file or a setting is not there
 */
export function luaCommand(
  name: string,
  files: Readonly<Record<string, string>>,
  settings: Readonly<Record<string, string | number | boolean>>,
): string {
  const included = new Set<string>();
  const include = (file: string, asked: string): string => {
    if (included.has(file)) return '';
    included.add(file);
    const lua = files[file];
    if (lua === undefined) throw new Error(`${asked} asks for ${file}, which is not there`);
    return lua
      .replaceAll(/^--- @include "(.+)"$/gm, (_, other: string) => include(other, file))
      .replaceAll(/\{\{(\w+)\}\}/g, (_, setting: string) => {
        if (settings[setting] === undefined) throw new Error(`${file} asks for the setting ${setting}`);
        return JSON.stringify(settings[setting]);
      });
  };
  return include(name, 'a command');
}
