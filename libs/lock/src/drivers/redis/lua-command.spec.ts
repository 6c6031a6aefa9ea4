import { describe, expect, it } from 'vitest';
import { luaCommand } from './lua-command.js';
import { scriptsWith } from './scripts.js';

const files = {
  'a.lua': '-- a\n--- @include "b.lua"\n--- @include "c.lua"\nreturn b + c',
  'b.lua': '--- @include "c.lua"\nlocal b = {{b}}',
  'c.lua': 'local c = {{c}}',
};

describe('luaCommand', () => {
  it('puts each file that is asked for where it is asked for first, and values in the place of settings', () => {
    expect(luaCommand('a.lua', files, { b: 1, c: 'x' })).toBe(
      '-- a\nlocal c = "x"\nlocal b = 1\n\nreturn b + c',
    );
  });

  it('throws where a file is not there, and names who asked for it', () => {
    const others = { ...files, 'c.lua': '--- @include "d.lua"' };
    expect(() => luaCommand('a.lua', others, { b: 1 })).toThrow('c.lua asks for d.lua, which is not there');
  });

  it('throws where a setting is not there', () => {
    expect(() => luaCommand('a.lua', files, { b: 1 })).toThrow('c.lua asks for the setting c');
  });
});

it('leaves no include and no setting open in a command of the lock', () => {
  const settings = { permits: 1, tokens: 64, claimTtl: 1_000, channelPrefix: 'wake:', countListeners: true };
  for (const { lua } of Object.values(scriptsWith(settings))) expect(lua).not.toMatch(/@include|\{\{/);
});
