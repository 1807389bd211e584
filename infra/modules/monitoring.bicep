// Application Insights on a Log Analytics workspace. Both take Entra tokens only.

import { monitoringMetricsPublisher } from 'roles.bicep'
import { TextByName } from 'types.bicep'

@description('Name of the workspace.')
param workspaceName string

@description('Name of the Application Insights component.')
param componentName string

@description('Where both are.')
param location string

@description('Days for which logs are kept.')
@minValue(30)
@maxValue(730)
param retentionInDays int

@description('Object id of the identity that sends telemetry.')
param principalId string

@description('Id of that identity, which is known before its object id is.')
param principalResourceId string

@description('Tags of both.')
param tags TextByName

resource workspace 'Microsoft.OperationalInsights/workspaces@2023-09-01' = {
  name: workspaceName
  location: location
  tags: tags
  properties: {
    features: {
      disableLocalAuth: true
    }
    retentionInDays: retentionInDays
    sku: {
      name: 'PerGB2018'
    }
  }
}

resource component 'Microsoft.Insights/components@2020-02-02' = {
  name: componentName
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    DisableLocalAuth: true
    WorkspaceResourceId: workspace.id
  }
}

resource sendsTelemetry 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: component
  name: guid(component.id, principalResourceId, monitoringMetricsPublisher)
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', monitoringMetricsPublisher)
  }
}

@description('Where telemetry goes. It opens nothing by itself: the component takes Entra tokens only.')
output connectionString string = component.properties.ConnectionString
