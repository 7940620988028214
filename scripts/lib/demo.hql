-- The demo's last lines, from Hive's own answers alone. The seals stand among the temp rows, behind their status: what
-- every mapper read and every reducer dropped as an exact copy is in them.
set hive.compute.query.using.stats=false;
with seals as (
  select get_json_object(region, '$.kind') as kind,
         cast(get_json_object(region, '$.records') as bigint) as records,
         cast(get_json_object(region, '$.copies') as bigint) as copies
  from sales_temp where status = 'seal'
),
parts as (
  select 1 as place, 'records in' as what, sum(records) as n, 0 as part from seals where kind = 'map'
  union all
  select 2, 'in gold', count(*), 1 from sales where load_date = '2026-11-21'
  union all
  select 3, concat('quarantined ', reason, case column_name when '' then '' else concat('/', column_name) end),
         count(*), 1
  from sales_reject group by reason, column_name
  union all
  select 4, 'exact copies', sum(copies), 1 from seals where kind = 'reduce'
),
sums as (
  select 5 as place, 'gold + quarantined + copies' as what, sum(n) as n from parts where part = 1
  union all
  select place, what, n from parts
)
select what, n, case when place <> 5 then '' when n = (select sum(records) from seals where kind = 'map')
  then 'equals records in: nothing is lost' else 'DIFFERS FROM records in' end as says
from sums order by case place when 1 then 1 when 5 then 5 else place end, what;
