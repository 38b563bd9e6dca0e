-- The history of live pointers, and what a workspace asks of a version before it goes live.

alter table workspaces add column requires_green_examples boolean not null default true;

-- One row for each move of an agent's live pointer, counted from 1. version_id null: none is live from then on. how: set (by
-- hand), rollback (back to what was live before). unmet: what the version did not meet and went live without.
create table live_changes (
    workspace_id uuid not null,
    agent_id     uuid not null,
    seq          integer not null check (seq > 0),
    version_id   uuid,
    how          text not null check (how in ('set', 'rollback', 'canary')),
    reason       text not null default '',
    unmet        json not null default '[]',
    actor_kind   text not null check (actor_kind in ('user', 'api_key', 'system')),
    actor_id     text not null,
    at           timestamptz not null default now(),
    primary key (workspace_id, agent_id, seq),
    foreign key (workspace_id, agent_id) references agents (workspace_id, id),
    foreign key (workspace_id, agent_id, version_id) references agent_versions (workspace_id, agent_id, id)
);
call guard_tenant_table('live_changes');
create trigger never_change before update or delete on live_changes for each row execute function refuse_change();
grant select, insert on live_changes to {{app}};

select set_config('plainwork.upkeep', 'on', true);
insert into live_changes (workspace_id, agent_id, seq, version_id, how, actor_kind, actor_id, at)
select workspace_id, id, 1, live_version_id, 'set', 'system', 'plainwork', updated_at from agents
where live_version_id is not null;
select set_config('plainwork.upkeep', '', true);
