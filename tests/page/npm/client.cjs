// Asks a page what a client of Statuspage asks, and prints what it was told as JSON. Called with the page's address.
'use strict';

const { Statuspage } = require('statuspage.io');

async function main(address) {
  const client = new Statuspage('any');
  client.setApiUrl(address);
  const { api } = client;
  console.log(JSON.stringify({
    status: await api.getStatus(),
    summary: await api.getSummary(),
    components: await api.getComponents(),
    incidents: await api.incidents.getAll(),
    unresolved: await api.incidents.getUnresolved(),
    upcoming: await api.scheduledMaintenances.getUpcoming(),
  }));
}

main(process.argv[2]).catch((error) => {
  console.error(error);
  process.exit(1);
});
