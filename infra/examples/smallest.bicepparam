// The least that works: no evidence, verdicts go to the log, public endpoints, storage as backend.
using '../main.bicep'

param regions = ['westeurope', 'northeurope']
