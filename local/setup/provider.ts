/** What a need is met with: something that runs already, a program on this machine, or a container image. */
export type Provider = { url: string } | Runnable;
export type Runnable = { file: string } | { image: string };
