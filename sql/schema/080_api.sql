create type api.result as (
  ordinal integer,
  code text,
  replayed boolean,
  body json
);
comment on type api.result is
  'The answer to one element of a command: code null and the document, or an error code and the body of the refusal. replayed: '
  'the idempotency key was seen before, and this is the kept answer.';

create type api.refusal as (
  code text,
  body jsonb
);
comment on type api.refusal is
  'Why a command refuses an element: a code of the register and {"detail", "errors"}. Null if nothing is wrong. Made by app.refuse.';
