-- The mapper for the sales exports, as SQL; mapper_duckdb.py runs it. What is not read or cast is NULL, and dropped.

create macro label(text) as trim(regexp_replace(text, '\s+', ' ', 'g'));
create macro day(text) as try_strptime(trim(text), '%m/%d/%Y')::date;
create macro amount(text) as try_cast(text as decimal(18, 2));

create temp table aliases(label varchar, region varchar);
insert into aliases
select unnest([region] || others), region from (values
  ('SUB-SAHARAN AFRICA', ['SSA', 'SUB SAHARAN AFRICA']),
  ('MIDDLE EAST AND NORTH AFRICA', ['MENA']),
  ('EUROPE', ['EUR']),
  ('ASIA', ['APAC']),
  ('CENTRAL AMERICA AND THE CARIBBEAN', ['CAC']),
  ('AUSTRALIA AND OCEANIA', ['ANZ']),
  ('NORTH AMERICA', ['NA'])) as given(region, others);

copy (
  with source as (
    select * from read_csv('/dev/stdin', delim = ',', quote = '"', escape = '"', header = true, all_varchar = true,
      auto_detect = false, ignore_errors = true, max_line_size = 4096, columns = {
        'region': 'varchar', 'country': 'varchar', 'item_type': 'varchar', 'sales_channel': 'varchar',
        'order_priority': 'varchar', 'order_date': 'varchar', 'order_id': 'varchar', 'ship_date': 'varchar',
        'units_sold': 'varchar', 'unit_price': 'varchar', 'unit_cost': 'varchar', 'total_revenue': 'varchar',
        'total_cost': 'varchar', 'total_profit': 'varchar'})
  ), typed as (
    select aliases.region, nullif(country, '') as country, nullif(item_type, '') as item_type,
      label(sales_channel) as sales_channel, upper(label(order_priority)) as order_priority,
      day(order_date) as order_date, try_cast(order_id as bigint) as order_id, day(ship_date) as ship_date,
      try_cast(units_sold as bigint) as units_sold, amount(unit_price) as unit_price, amount(unit_cost) as unit_cost,
      amount(total_revenue) as total_revenue, amount(total_cost) as total_cost, amount(total_profit) as total_profit
    from source left join aliases on aliases.label = upper(label(source.region))
  )
  select 'ok', *
  from typed
  where region is not null and country is not null and length(item_type) <= 40
    and sales_channel in ('Online', 'Offline') and order_priority in ('C', 'H', 'M', 'L')
    and ship_date >= order_date and order_id is not null and units_sold >= 0 and unit_price is not null
    and unit_cost is not null and total_revenue is not null and total_cost is not null and total_profit is not null
) to '/dev/stdout' (format csv, delimiter '\t', header false, quote '', escape '');
