/**
 * A Lua file as Redis gets it. Each line `--- @include "other.lua"` becomes that file, once in a command, and each `{{setting}}` its value.
 *
 * @throws where a file or a setting is missing
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
