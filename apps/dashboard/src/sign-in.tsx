import type { Access } from './access.js';

/** Asks for the admin key, once per tab. */
export function SignIn({ onAccess }: { onAccess: (access: Access) => void }) {
  const use = (event: SubmitEvent & { currentTarget: HTMLFormElement }) => {
    event.preventDefault();
    const key = new FormData(event.currentTarget).get('key');
    if (typeof key === 'string') onAccess({ key: key.trim() });
  };
  return (
    <form class="sign-in" onSubmit={use}>
      <label>
        Admin key
        <input type="password" name="key" required autocomplete="off" />
      </label>
      <button class="primary">Use this key</button>
      <p class="note">
        It is the API's <code>ADMIN_KEY</code>, kept in this tab until you close it. <code>npm start</code>{' '}
        prints a link that brings it along.
      </p>
    </form>
  );
}
