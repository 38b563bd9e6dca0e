-- The foundation: installation, people, workspaces, agents, secrets, audit, model calls.
--
-- {{app}} is the role that the application logs in as; {{dispatcher}} owns the few functions that cross workspaces.
-- Each tenant table leads its key with workspace_id and passes through guard_tenant_table(). What a transaction may
-- see follows from what it has declared with set_config(…, true): plainwork.workspace, plainwork.person,
-- plainwork.email (signing in) or plainwork.token (hex of a hash: carrying a session). With nothing declared: no rows.

create function current_workspace() returns uuid language sql stable parallel safe
    return nullif(current_setting('plainwork.workspace', true), '')::uuid;

create function current_person() returns uuid language sql stable parallel safe
    return nullif(current_setting('plainwork.person', true), '')::uuid;

create function claimed_email() returns text language sql stable parallel safe
    return nullif(current_setting('plainwork.email', true), '');

create function claimed_token() returns bytea language sql stable parallel safe
    return decode(nullif(current_setting('plainwork.token', true), ''), 'hex');

-- Forces row-level security on a table, for its owner too. Only the owner can lift it, and only by saying so: a backup
-- (pg_dump --enable-row-security) or a migration of rows declares plainwork.upkeep. Partitions need nothing else.
create procedure guard_table(guarded regclass) language plpgsql as $$
begin
    execute format('alter table %s enable row level security', guarded);
    execute format('alter table %s force row level security', guarded);
    execute format('create policy upkeep on %s to %I using (current_setting(''plainwork.upkeep'', true) = ''on'') '
                   'with check (current_setting(''plainwork.upkeep'', true) = ''on'')', guarded, current_user);
end $$;

-- Guards a table and shows it only the current workspace's rows.
create procedure guard_tenant_table(guarded regclass) language plpgsql as $$
begin
    call guard_table(guarded);
    execute format('create policy tenant on %s using (workspace_id = current_workspace()) '
                   'with check (workspace_id = current_workspace())', guarded);
end $$;

-- A trigger for rows that are written once.
create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% rows never change', tg_table_name
        using errcode = 'PW001', hint = 'Write a new row instead.';
end $$;

-- ── The installation (not a tenant's) ────────────────────────────────────────────────────────────────────────────
create table installation (
    only_row         boolean primary key default true check (only_row),
    app_role         text not null,
    dispatcher_role  text not null,
    setup_token_hash bytea,
    set_up_at        timestamptz,
    created_at       timestamptz not null default now()
);
insert into installation (app_role, dispatcher_role) values ('{{app}}', '{{dispatcher}}');
grant select, update (setup_token_hash, set_up_at) on installation to {{app}};

-- Failed sign-ins, by a hash of what was tried (e-mail, address); no tenant's data and nothing readable in it.
create table sign_in_attempts (
    key_hash     bytea primary key,
    failures     integer not null,
    first_at     timestamptz not null,
    locked_until timestamptz
);
create index sign_in_attempts_old on sign_in_attempts (first_at);
grant select, insert, update, delete on sign_in_attempts to {{app}};

-- ── Workspaces and people ────────────────────────────────────────────────────────────────────────────────────────
create table workspaces (
    id             uuid primary key,
    slug           text not null unique,
    name           text not null check (name <> ''),
    settings       jsonb not null default '{}',
    retention_days integer check (retention_days > 0),
    created_at     timestamptz not null default now(),
    updated_at     timestamptz not null default now(),
    deleted_at     timestamptz
);

create table users (
    id              uuid primary key,
    email           text not null unique check (email = lower(email)),
    name            text not null,
    password_hash   text,
    disabled_at     timestamptz,
    last_sign_in_at timestamptz,
    created_at      timestamptz not null default now(),
    updated_at      timestamptz not null default now()
);

create table memberships (
    workspace_id uuid not null references workspaces,
    user_id      uuid not null references users,
    role         text not null check (role in ('owner', 'admin', 'editor', 'runner', 'viewer')),
    created_at   timestamptz not null default now(),
    primary key (workspace_id, user_id)
);
create index memberships_by_user on memberships (user_id);
call guard_tenant_table('memberships');
create policy mine on memberships for select using (user_id = current_person());
grant select, insert, update, delete on memberships to {{app}};

call guard_table('workspaces');
create policy tenant on workspaces using (id = current_workspace()) with check (id = current_workspace());
create policy mine on workspaces for select using (
    exists (select from memberships m where m.workspace_id = workspaces.id and m.user_id = current_person()));
create policy crossing on workspaces for select to {{dispatcher}} using (true);
grant select, insert, update on workspaces to {{app}};
grant select (id, deleted_at) on workspaces to {{dispatcher}};

-- The ids of all workspaces, for upkeep that visits each in turn (retention, key rotation). Nothing else about them.
create function workspace_ids() returns setof uuid language sql stable security definer
    set search_path = pg_catalog, public, pg_temp
    as 'select id from workspaces where deleted_at is null order by id';

call guard_table('users');
create policy myself on users using (id = current_person()) with check (id = current_person());
create policy signing_in on users for select using (email = claimed_email());
create policy colleagues on users for select using (
    exists (select from memberships m where m.user_id = users.id and m.workspace_id = current_workspace()));
grant select, insert, update on users to {{app}};

create table sessions (
    id           uuid primary key,
    user_id      uuid not null references users,
    token_hash   bytea not null unique,
    address      text,
    user_agent   text,
    created_at   timestamptz not null default now(),
    last_seen_at timestamptz not null default now(),
    expires_at   timestamptz not null
);
create index sessions_by_user on sessions (user_id);
call guard_table('sessions');
create policy mine on sessions using (user_id = current_person()) with check (user_id = current_person());
create policy carried on sessions for select using (token_hash = claimed_token());
grant select, insert, update, delete on sessions to {{app}};

create table api_keys (
    workspace_id uuid not null references workspaces,
    id           uuid not null,
    name         text not null check (name <> ''),
    hint         text not null,
    token_hash   bytea not null,
    scopes       text[] not null,
    created_by   uuid,
    created_at   timestamptz not null default now(),
    expires_at   timestamptz,
    last_used_at timestamptz,
    revoked_at   timestamptz,
    primary key (workspace_id, id),
    unique (workspace_id, token_hash)
);
call guard_tenant_table('api_keys');
grant select, insert, update on api_keys to {{app}};

create table workspace_variables (
    workspace_id uuid not null references workspaces,
    name         text not null,
    value        jsonb not null,
    updated_at   timestamptz not null default now(),
    primary key (workspace_id, name)
);
call guard_tenant_table('workspace_variables');
grant select, insert, update, delete on workspace_variables to {{app}};

-- ── Agents ───────────────────────────────────────────────────────────────────────────────────────────────────────
create table agents (
    workspace_id    uuid not null references workspaces,
    id              uuid not null,
    slug            text not null,
    name            text not null check (name <> ''),
    about           text not null default '',
    tags            text[] not null default '{}',
    live_version_id uuid,
    last_version    integer not null default 0,
    paused_at       timestamptz,
    created_by      uuid,
    created_at      timestamptz not null default now(),
    updated_at      timestamptz not null default now(),
    deleted_at      timestamptz,
    primary key (workspace_id, id)
);
create unique index agents_by_slug on agents (workspace_id, slug) where deleted_at is null;
call guard_tenant_table('agents');
grant select, insert, update on agents to {{app}};

create table agent_versions (
    workspace_id uuid not null,
    id           uuid not null,
    agent_id     uuid not null,
    number       integer not null check (number > 0),
    content_hash bytea not null,
    markdown     text not null,
    spec         json not null, -- json, not jsonb: it keeps the order in which things were written
    flow         json not null,
    note         text not null default '',
    created_by   uuid,
    created_at   timestamptz not null default now(),
    primary key (workspace_id, id),
    unique (workspace_id, agent_id, number),
    unique (workspace_id, agent_id, id),
    foreign key (workspace_id, agent_id) references agents (workspace_id, id)
);
call guard_tenant_table('agent_versions');
create trigger never_change before update or delete on agent_versions for each row execute function refuse_change();
create trigger never_empty before truncate on agent_versions for each statement execute function refuse_change();
grant select, insert on agent_versions to {{app}};

-- The live pointer can only point at a version of the same agent.
alter table agents add constraint agents_live_version
    foreign key (workspace_id, id, live_version_id) references agent_versions (workspace_id, agent_id, id);

create table agent_drafts (
    workspace_id    uuid not null,
    agent_id        uuid not null,
    revision        integer not null check (revision > 0),
    markdown        text not null,
    layout          json not null default '{}',
    base_version_id uuid,
    updated_by      uuid,
    updated_at      timestamptz not null default now(),
    primary key (workspace_id, agent_id),
    foreign key (workspace_id, agent_id) references agents (workspace_id, id)
);
call guard_tenant_table('agent_drafts');
grant select, insert, update, delete on agent_drafts to {{app}};

-- ── Secrets: only ciphertext; the vault seals and opens ──────────────────────────────────────────────────────────
create table data_keys (
    workspace_id  uuid not null references workspaces,
    version       integer not null check (version > 0),
    wrapped       bytea not null,
    master_key_id text not null,
    created_at    timestamptz not null default now(),
    primary key (workspace_id, version)
);
call guard_tenant_table('data_keys');
grant select, insert, update (wrapped, master_key_id), delete on data_keys to {{app}};

create table secrets (
    workspace_id    uuid not null references workspaces,
    name            text not null check (name <> ''),
    about           text not null default '',
    connector       text,
    hosts           text[],
    agents          uuid[],
    current_version integer not null check (current_version > 0),
    created_by      uuid,
    created_at      timestamptz not null default now(),
    updated_at      timestamptz not null default now(),
    last_used_at    timestamptz,
    primary key (workspace_id, name)
);
call guard_tenant_table('secrets');
grant select, insert, update, delete on secrets to {{app}};

create table secret_versions (
    workspace_id     uuid not null,
    name             text not null,
    version          integer not null check (version > 0),
    data_key_version integer not null,
    sealed           bytea not null,
    created_by       uuid,
    created_at       timestamptz not null default now(),
    primary key (workspace_id, name, version),
    foreign key (workspace_id, name) references secrets (workspace_id, name) on delete cascade,
    foreign key (workspace_id, data_key_version) references data_keys (workspace_id, version)
);
call guard_tenant_table('secret_versions');
grant select, insert, update (sealed, data_key_version), delete on secret_versions to {{app}};

-- ── Audit: append-only, a hash chain per workspace ───────────────────────────────────────────────────────────────
create table audit_log (
    workspace_id uuid not null references workspaces,
    seq          bigint not null,
    at           timestamptz not null,
    actor_kind   text not null check (actor_kind in ('user', 'api_key', 'system')),
    actor_id     text not null,
    action       text not null,
    target_kind  text not null,
    target_id    text not null,
    detail       jsonb not null,
    address      text,
    prev_hash    bytea not null,
    hash         bytea not null,
    primary key (workspace_id, seq)
);
create index audit_log_by_time on audit_log (workspace_id, at);
create index audit_log_by_target on audit_log (workspace_id, target_kind, target_id, seq);
call guard_tenant_table('audit_log');
create trigger never_change before update or delete on audit_log for each row execute function refuse_change();
create trigger never_empty before truncate on audit_log for each statement execute function refuse_change();
grant select on audit_log to {{app}};

create table audit_heads (
    workspace_id uuid primary key references workspaces,
    seq          bigint not null,
    hash         bytea not null
);
call guard_tenant_table('audit_heads');
grant select on audit_heads to {{app}};

-- The hash of one entry: SHA-256 over the previous hash and the entry as a JSON array (time in microseconds since 1970).
create function audit_hash(entry audit_log) returns bytea language sql stable
    set search_path = pg_catalog, public, pg_temp
    return sha256(entry.prev_hash || convert_to(jsonb_build_array(
        entry.workspace_id, entry.seq, (extract(epoch from entry.at) * 1000000)::bigint, entry.actor_kind, entry.actor_id,
        entry.action, entry.target_kind, entry.target_id, entry.detail, entry.address)::text, 'UTF8'));

-- The only way to write the log. It works inside the declared workspace and nowhere else.
create function audit_append(actor_kind text, actor_id text, action text, target_kind text, target_id text,
                             detail jsonb, address text) returns bigint
    language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    entry audit_log;
    head audit_heads;
begin
    insert into audit_heads values (current_workspace(), 0, '\x') on conflict (workspace_id) do nothing;
    select * into strict head from audit_heads where workspace_id = current_workspace() for update;
    entry := row(head.workspace_id, head.seq + 1, clock_timestamp(), actor_kind, actor_id, action, target_kind, target_id,
                 detail, address, head.hash, '\x'::bytea);
    entry.hash := audit_hash(entry);
    insert into audit_log select entry.*;
    update audit_heads set seq = entry.seq, hash = entry.hash where workspace_id = entry.workspace_id;
    return entry.seq;
end $$;
revoke execute on function audit_append from public;
grant execute on function audit_append to {{app}};

-- ── Model calls: one row each, the ledger of tokens and cost ─────────────────────────────────────────────────────
create table llm_calls (
    workspace_id     uuid not null references workspaces,
    id               uuid not null,
    at               timestamptz not null,
    run_id           uuid,
    step_path        text,
    agent_id         uuid,
    version_id       uuid,
    provider         text not null,
    model            text not null,
    status           text not null check (status in ('succeeded', 'failed')),
    failure          text,
    input_tokens     integer not null default 0,
    output_tokens    integer not null default 0,
    cached_tokens    integer not null default 0,
    reasoning_tokens integer not null default 0,
    cost_usd         numeric(18, 9),
    latency_ms       integer not null,
    first_token_ms   integer,
    primary key (workspace_id, id)
);
create index llm_calls_by_time on llm_calls (workspace_id, at);
create index llm_calls_by_run on llm_calls (workspace_id, run_id);
call guard_tenant_table('llm_calls');
grant select, insert on llm_calls to {{app}};

grant execute on function current_workspace, current_person, claimed_email, claimed_token, audit_hash to {{app}};
grant usage on schema public to {{app}}, {{dispatcher}};

revoke execute on function workspace_ids from public;
grant execute on function workspace_ids to {{app}};
-- Giving a function away takes the right to make one in the schema, for a moment.
grant create on schema public to {{dispatcher}};
alter function workspace_ids owner to {{dispatcher}};
revoke create on schema public from {{dispatcher}};
