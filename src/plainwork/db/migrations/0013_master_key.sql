-- Rotating the master key: which one wraps new keys, so that none is wrapped in the old one behind the rotation's back.

alter table installation add column master_key_id text;
grant update (master_key_id) on installation to {{app}};
