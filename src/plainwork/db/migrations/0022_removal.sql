-- Removing deleted workspaces for good, once their time has passed.

alter table workspaces add column removed_at timestamptz;

-- As before (0001); rows of the workspace that is being removed go.
create or replace function refuse_change() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' and to_jsonb(old)->>'workspace_id' = current_setting('plainwork.removed', true) then
        return old;
    end if;
    raise exception '% rows never change', tg_table_name
        using errcode = 'PW001', hint = 'Write a new row instead.';
end $$;

-- Workspaces that were deleted so long ago, and of which something is left.
create function workspaces_to_remove(p_grace interval) returns setof uuid
language sql security definer set search_path = public, pg_temp as $$
    select w.id from workspaces w where w.deleted_at <= now() - p_grace and w.removed_at is null order by w.deleted_at
$$;

-- Deletes up to so many rows of such a workspace, from whatever tables there are; how many. 0: nothing was left, and of the
-- workspace itself only its id and times stay. Null: it is not to be removed, or another process is at it.
create function remove_workspace(p_workspace uuid, p_grace interval, p_limit integer) returns integer
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    place regclass;
    here integer;
    gone integer := 0;
    still_needed regclass;
begin
    -- Rows are seen as the upkeep, and what follows from their going is of their workspace.
    perform set_config('plainwork.upkeep', 'on', true), set_config('plainwork.removed', p_workspace::text, true),
            set_config('plainwork.workspace', p_workspace::text, true);
    perform from workspaces w where w.id = p_workspace and w.deleted_at <= now() - p_grace and w.removed_at is null
    for update skip locked;
    if not found then
        gone := null;
    else
        update agents a set live_version_id = null where a.workspace_id = p_workspace and a.live_version_id is not null;
        for place in -- the queue first, so that no worker begins anything
            select c.oid from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'workspace_id'
            where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
            order by c.relname <> 'queue', c.relname
        loop
            exit when gone >= p_limit;
            begin
                execute format('delete from %1$s where workspace_id = $1 and ctid = any (array('
                               'select ctid from %1$s where workspace_id = $1 limit $2))', place)
                using p_workspace, p_limit - gone;
                get diagnostics here = row_count;
                gone := gone + here;
            exception when foreign_key_violation then
                still_needed := place; -- its turn comes when those that refer to it are gone
            end;
        end loop;
        if gone = 0 and still_needed is not null then
            raise exception 'rows of % are still referred to', still_needed;
        elsif gone = 0 then
            update workspaces w set removed_at = now(), updated_at = now(), name = 'removed', slug = w.id::text, settings = '{}'
            where w.id = p_workspace;
        end if;
    end if;
    perform set_config('plainwork.upkeep', '', true), set_config('plainwork.removed', '', true),
            set_config('plainwork.workspace', '', true);
    return gone;
end $$;

revoke execute on function workspaces_to_remove, remove_workspace from public;
grant create on schema public to {{dispatcher}};
alter function workspaces_to_remove owner to {{dispatcher}};
revoke create on schema public from {{dispatcher}};
grant select (removed_at) on workspaces to {{dispatcher}};
grant execute on function workspaces_to_remove, remove_workspace to {{app}};
