-- People: second factors, password resets, invitations, single sign-on, and what a workspace asks of its members.

-- Wraps nothing of a tenant's: what is sealed for people (second factors) stands under this key, and it under the master key.
alter table installation add column people_key bytea, add column people_master_key_id text;
grant update (people_key, people_master_key_id) on installation to {{app}};

-- second_factor_at: since when signing in asks for a code; null: it does not. email_verified_at: since when the person is
-- known to read this mailbox (a link from it was used, or the single sign-on vouched for it); null: somebody typed it.
alter table users add column second_factor_at timestamptz, add column email_verified_at timestamptz;

alter table sessions add column signed_in_by text not null default 'password' check (signed_in_by in ('password', 'sso'));

alter table workspaces add column requires_second_factor boolean not null default false;

-- One for each person: begun when confirmed_at is null. last_step: the newest time step whose code was used up.
create table second_factors (
    user_id      uuid primary key references users,
    sealed       bytea not null,
    last_step    bigint not null default 0,
    confirmed_at timestamptz,
    created_at   timestamptz not null default now()
);
call guard_table('second_factors');
create policy mine on second_factors using (user_id = current_person()) with check (user_id = current_person());
grant select, insert, update, delete on second_factors to {{app}};

create table recovery_codes (
    user_id   uuid not null references users,
    code_hash bytea not null,
    used_at   timestamptz,
    primary key (user_id, code_hash)
);
call guard_table('recovery_codes');
create policy mine on recovery_codes using (user_id = current_person()) with check (user_id = current_person());
grant select, insert, update, delete on recovery_codes to {{app}};

-- Links that set a new password, once. by_mail: it was sent to the person's mailbox, so whoever uses it reads that mailbox.
create table password_resets (
    token_hash bytea primary key,
    user_id    uuid not null references users,
    by_mail    boolean not null,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null
);
create index password_resets_by_user on password_resets (user_id);
call guard_table('password_resets');
create policy mine on password_resets using (user_id = current_person()) with check (user_id = current_person());
create policy carried on password_resets for select using (token_hash = claimed_token());
grant select, insert, delete on password_resets to {{app}};

create table invitations (
    workspace_id uuid not null references workspaces,
    id           uuid not null,
    email        text not null check (email = lower(email)),
    role         text not null check (role in ('owner', 'admin', 'editor', 'runner', 'viewer')),
    token_hash   bytea not null unique,
    invited_by   uuid,
    created_at   timestamptz not null default now(),
    expires_at   timestamptz not null,
    accepted_at  timestamptz,
    accepted_by  uuid,
    revoked_at   timestamptz,
    primary key (workspace_id, id)
);
create unique index invitations_open on invitations (workspace_id, email) where accepted_at is null and revoked_at is null;
call guard_tenant_table('invitations');
create policy carried on invitations for select using (token_hash = claimed_token());
grant select, insert, update on invitations to {{app}};

-- Who a person is at the provider of single sign-on: its issuer and the subject it gives them.
create table identities (
    issuer          text not null,
    subject         text not null,
    user_id         uuid not null references users,
    email           text not null,
    created_at      timestamptz not null default now(),
    last_sign_in_at timestamptz not null default now(),
    primary key (issuer, subject)
);
create index identities_by_user on identities (user_id);
call guard_table('identities');
create policy mine on identities using (user_id = current_person()) with check (user_id = current_person());
create policy carried on identities for select
    using (sha256(convert_to(issuer || E'\n' || subject, 'UTF8')) = claimed_token());
grant select, insert, update, delete on identities to {{app}};

-- The workspace of a slug, for the one that single sign-on lets people into. Nothing else about it.
grant select (slug) on workspaces to {{dispatcher}};
create function workspace_of_slug(p_slug text) returns uuid language sql stable security definer
    set search_path = pg_catalog, public, pg_temp
    as 'select id from workspaces where slug = p_slug and deleted_at is null';
revoke execute on function workspace_of_slug from public;
grant execute on function workspace_of_slug to {{app}};
grant create on schema public to {{dispatcher}};
alter function workspace_of_slug owner to {{dispatcher}};
revoke create on schema public from {{dispatcher}};
